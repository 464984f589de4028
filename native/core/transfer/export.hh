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

/// host, while no swap is posted. Successors that know an earlier description wait in vain from now on.
ExportedEngine export_engine(EngineCore& engine);

}  // namespace hotclick::core
