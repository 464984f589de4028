/// Telling another engine, or a holder, where everything lies.
#pragma once
#include <vector>

#include "../engine_core.hh"
#include "manifest.hh"

namespace hotclick::core {

struct ExportedEngine {
  TransferManifest manifest;
  std::vector<int> fds;  // the engine's own
};

enum class ExportFor {
  successor,  // one that takes over from the living engine: any other that waits already waits in vain from now on
  keeper  // somebody who keeps it over a crash
};

/// host, while no swap is posted.
ExportedEngine export_engine(EngineCore& engine, ExportFor whom = ExportFor::successor);

}  // namespace hotclick::core
