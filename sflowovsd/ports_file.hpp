// Publishes the ports and their guests in a file (docs/ports-file.md). The first change is written at once,
// those that follow at most once a second.
#pragma once

#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "sflowovsd/ports_session.hpp"
#include "sflowovsd/status.hpp"

#include <optional>
#include <string>

namespace sfa::sflowovsd {

inline constexpr const char* kPortsFilePath = "/run/sflowovsd/ports.json";

class PortsFile {
public:
  // `path` is empty if there is to be no file. `ports` must outlive this.
  PortsFile(EventLoop& loop, std::string path, const PortsSession& ports);
  PortsFile(const PortsFile&) = delete;
  PortsFile& operator=(const PortsFile&) = delete;
  PortsFile(PortsFile&&) = delete;
  PortsFile& operator=(PortsFile&&) = delete;
  ~PortsFile() = default; // the file stays, so that a restart loses nothing

  // To be called after each run of the ports' session. Writes if the ports have changed and it is time.
  void update();
  // Writes again what somebody has removed or changed, and does not wait for a retry.
  void start_over();
  [[nodiscard]] PortsFileStatus status() const;

private:
  void write();

  std::string path_;
  const PortsSession& ports_;
  Timer timer_;
  MonotonicTime next_; // the earliest time of the next attempt
  std::optional<unsigned> written_version_;
  std::optional<PortCounts> counts_;
  std::size_t last_size_ = 0;
  LoggedState state_{"ports file"};
};

} // namespace sfa::sflowovsd
