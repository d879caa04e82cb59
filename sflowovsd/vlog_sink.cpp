#include "sflowovsd/vlog_sink.hpp"

#include "sflowovsd/ovs_idl.hpp"

#include <memory>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <utility>

VLOG_DEFINE_THIS_MODULE(sflowovsd);

namespace sfa::sflowovsd {

namespace {

vlog_level to_vlog(spdlog::level::level_enum level) {
  switch (level) {
  case spdlog::level::critical:
    return VLL_EMER;
  case spdlog::level::err:
    return VLL_ERR;
  case spdlog::level::warn:
    return VLL_WARN;
  case spdlog::level::info:
    return VLL_INFO;
  default:
    return VLL_DBG;
  }
}

class VlogSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    vlog(&this_module, to_vlog(message.level), "%.*s", static_cast<int>(message.payload.size()),
         message.payload.data());
  }
  void flush_() override {}
};

} // namespace

void LibraryLog::set_quiet(bool quiet) {
  if (std::exchange(quiet_, quiet) == quiet) {
    return;
  }
  for (const auto& [module, destination, level] : std::exchange(usual_, {})) {
    const auto where = static_cast<vlog_destination>(destination);
    if (vlog_get_level(module, where) == VLL_ERR) {
      vlog_set_levels(module, where, static_cast<vlog_level>(level));
    }
  }
  if (!quiet) {
    return;
  }
  for (const auto* name : modules_) {
    auto* module = vlog_module_from_name(name);
    for (int destination = 0; module != nullptr && destination < VLF_N_DESTINATIONS; ++destination) {
      const auto where = static_cast<vlog_destination>(destination);
      const auto level = vlog_get_level(module, where);
      if (level == VLL_WARN || level == VLL_INFO) {
        usual_.push_back({module, destination, level});
        vlog_set_levels(module, where, VLL_ERR);
      }
    }
  }
}

void log_to_vlog() {
  auto logger = std::make_shared<spdlog::logger>("", std::make_shared<VlogSink>());
  logger->set_level(spdlog::level::trace); // vlog filters
  spdlog::set_default_logger(std::move(logger));
}

} // namespace sfa::sflowovsd
