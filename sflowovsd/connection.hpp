// Whether the replica of the database is connected and filled, from what the library shows of it: a flag, and
// a sequence number that changes with the data.
#pragma once

namespace sfa::sflowovsd {

class Connection {
public:
  // To be called after each run of the library.
  void update(bool connected, unsigned seqno) {
    if (connected && !connected_) {
      has_data_ = false;
    }
    if (seqno != seqno_) { // also if the first data came in the run that connected
      has_data_ = true;
    }
    if (has_data_) {
      without_data_ = 0;
    } else if (connected_ && !connected) {
      ++without_data_;
    }
    connected_ = connected;
    seqno_ = seqno;
  }

  [[nodiscard]] bool is_connected() const { return connected_; }
  // Data have arrived since the connection was established.
  [[nodiscard]] bool has_data() const { return has_data_; }
  // Consecutive connections that were closed before any data arrived. The library reconnects if a server has
  // no database Open_vSwitch, and logs that as information only.
  [[nodiscard]] unsigned closed_without_data() const { return without_data_; }

private:
  bool connected_ = false;
  bool has_data_ = false;
  unsigned without_data_ = 0;
  unsigned seqno_ = 0;
};

} // namespace sfa::sflowovsd
