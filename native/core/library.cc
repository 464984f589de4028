#include "library.hh"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <hotclick/abi_layout.hpp>
#include <new>

#include "../state/schema.hh"
#include "elf_check.hh"
#include "statics/descriptor.hh"
#include "statics/read_statics.hh"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

namespace hotclick::core {
namespace {

constexpr size_t largest_library = 64u << 20;

bool read_file(const std::string& path, std::vector<uint8_t>& bytes, std::string& error) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) != 0) {
    error = "HC_LIBRARY: cannot read " + path + ": " + strerror(errno);
    if (fd >= 0) close(fd);
    return false;
  }
  if (!S_ISREG(st.st_mode) || static_cast<size_t>(st.st_size) > largest_library) {
    error = "HC_LIBRARY: " + path + " is no file of at most 64 MiB";
    close(fd);
    return false;
  }
  bytes.resize(static_cast<size_t>(st.st_size));
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = read(fd, bytes.data() + done, bytes.size() - done);
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  close(fd);
  bytes.resize(done);
  return true;
}

/// Undeclared statics, read as `mode` says; null with `error` set when they cannot be carried over.
std::shared_ptr<const StaticsLayout> find_statics(const std::vector<uint8_t>& bytes, Statics mode,
                                                  std::string& error) {
  const ElfFile file(bytes.data(), bytes.size());
  auto layout = std::make_shared<StaticsLayout>();
  std::vector<std::string> refusals;
  if (mode == Statics::compiled) {
    std::string why;
    *layout = read_descriptor(file, why);
    if (!why.empty()) refusals.push_back(why + "; build it with `hotclick build --statics compiled`");
  } else {
    *layout = read_statics(file, refusals);
  }
  if (refusals.empty()) return layout;
  error = "HC_STATICS: its static variables cannot be carried over to another version:";
  for (const std::string& refusal : refusals) error += "\n  " + refusal;
  return nullptr;
}

bool good_text(const char* s) {
  return s != nullptr && *s != 0;
}

/// What the core relies on in a descriptor.
std::string check_descriptor(const hc_descriptor& d) {
  if (d.abi != HC_ABI_VERSION) {
    return "it was built for element ABI " + std::to_string(d.abi) + ", this engine has ABI " +
           std::to_string(HC_ABI_VERSION);
  }
  if (d.size != sizeof(hc_descriptor)) return "its descriptor has another size";
  if (d.layout != detail::abi_layout) {
    return "it was built with another layout of element ABI " + std::to_string(HC_ABI_VERSION) +
           "; build it with this engine's headers";
  }
  if (!good_text(d.class_name) || !good_text(d.version) || !d.ports || !d.processing || !d.flow || !d.help) {
    return "its descriptor is incomplete";
  }
  if (!d.construct || !d.destroy || d.object_size == 0 || d.object_align > 4096)
    return "its descriptor is incomplete";
  if (d.narguments > 256 || d.nhandlers > 256 || d.nstates > 64 || d.ndrops > 256)
    return "its descriptor is malformed";
  for (uint32_t i = 0; i < d.nstates; ++i) {
    const hc_state& s = d.states[i];
    std::string error;
    copy_schema(s.schema, error);
    if (error.empty() && s.kind == HC_STATE_TABLE) copy_schema(s.key, error);
    if (!error.empty()) return "state '" + std::string(s.name) + "': " + error;
    for (uint32_t k = 0; k < s.schema.nfields; ++k) {
      const hc_field& f = s.schema.fields[k];
      if (f.type != HC_POINTER && f.type != HC_STRING) continue;
      return "HC_STATE_POINTER: field '" + std::string(f.name) + "' of state '" + s.name +
             "' holds an address, which leads nowhere once the library is gone";
    }
    if (s.kind == HC_STATE_SECTION) {
      const auto at = reinterpret_cast<uintptr_t>(s.section);
      if (at == 0 || (at & 4095) != 0 || (s.section_size & 4095) != 0 || s.schema.size > s.section_size) {
        return "state '" + std::string(s.name) + "': its section is not made of whole pages";
      }
    } else if (!s.member) {
      return "state '" + std::string(s.name) + "' has no member";
    }
  }
  return "";
}

}  // namespace

std::optional<Statics> statics_by_name(std::string_view name) {
  if (name == "mapped") return Statics::mapped;
  if (name == "symbols") return Statics::symbols;
  if (name == "compiled") return Statics::compiled;
  return std::nullopt;
}

std::shared_ptr<Library> Library::load(const std::vector<uint8_t>& bytes,
                                       std::shared_ptr<const StaticsLayout> statics, std::string& error) {
  std::shared_ptr<Library> library(new (std::nothrow) Library());
  if (!library) return nullptr;
  library->statics_ = std::move(statics);
  library->fd_ = memfd_create("hotclick-element", MFD_CLOEXEC);
  if (library->fd_ < 0 ||
      write(library->fd_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    error = std::string("HC_LIBRARY: no memory for it: ") + strerror(errno);
    return nullptr;
  }
  const std::string path = "/proc/self/fd/" + std::to_string(library->fd_);
  library->handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library->handle_) {
    const char* why = dlerror();
    error = std::string("HC_LIBRARY: ") + (why ? why : "it cannot be loaded");
    return nullptr;
  }
  library->populate();
  library->descriptor_ = static_cast<const hc_descriptor*>(dlsym(library->handle_, HC_DESCRIPTOR_SYMBOL));
  if (!library->descriptor_) {
    error = "HC_LIBRARY: it exports no " HC_DESCRIPTOR_SYMBOL "; end the source with HOTCLICK_EXPORT(info)";
    return nullptr;
  }
  const std::string problem = check_descriptor(*library->descriptor_);
  if (!problem.empty()) {
    error = problem.starts_with("HC_") ? problem : "HC_LIBRARY: " + problem;
    return nullptr;
  }
  return library;
}

/// Brings the library's pages in now: otherwise a shard takes the page faults in the moment of the swap.
void Library::populate() {
  link_map* map = nullptr;
  if (dlinfo(handle_, RTLD_DI_LINKMAP, &map) != 0 || !map) return;
  const auto* base = reinterpret_cast<const uint8_t*>(map->l_addr);
  const auto* head = reinterpret_cast<const Elf64_Ehdr*>(base);
  const auto* segments = reinterpret_cast<const Elf64_Phdr*>(base + head->e_phoff);
  begin_ = map->l_addr;
  for (uint32_t i = 0; i < head->e_phnum; ++i) {
    if (segments[i].p_type != PT_LOAD) continue;
    const uintptr_t begin = reinterpret_cast<uintptr_t>(base + segments[i].p_vaddr) & ~uintptr_t{4095};
    const uintptr_t end = reinterpret_cast<uintptr_t>(base + segments[i].p_vaddr + segments[i].p_memsz);
    if (end > end_) end_ = end;
    if (segments[i].p_flags & PF_X) {
      code_begin_ = begin_ + segments[i].p_vaddr;
      code_size_ = segments[i].p_memsz;
    }
    // Refused before Linux 5.14: then the faults happen later.
    madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_READ);
  }
}

std::string Library::function_at(uintptr_t address) const {
  struct stat st;
  if (fstat(fd_, &st) != 0) return "";
  std::vector<uint8_t> bytes(static_cast<size_t>(st.st_size));
  if (pread(fd_, bytes.data(), bytes.size(), 0) != st.st_size) return "";
  const uint64_t offset = address - begin_;
  std::string found;
  ElfFile(bytes.data(), bytes.size()).each_symbol([&](std::string_view name, const Elf64_Sym& s) {
    if (ELF64_ST_TYPE(s.st_info) != STT_FUNC || offset - s.st_value >= s.st_size) return;
    char distance[24];
    snprintf(distance, sizeof(distance), "+0x%llx", static_cast<unsigned long long>(offset - s.st_value));
    found = demangle(std::string(name)) + distance;
  });
  return found;
}

Library::~Library() {
  if (handle_) dlclose(handle_);
  if (fd_ >= 0) close(fd_);
}

bool Library::has_section() const {
  for (uint32_t i = 0; i < descriptor_->nstates; ++i) {
    if (descriptor_->states[i].kind == HC_STATE_SECTION) return true;
  }
  return false;
}

std::shared_ptr<ElementVersion> ElementVersion::load(const std::string& path, uint32_t shards,
                                                     std::string& error, Statics mode) {
  std::vector<uint8_t> bytes;
  if (!read_file(path, bytes, error)) return nullptr;
  const ElfReport report = check_elf(bytes.data(), bytes.size());
  if (!report.error.empty()) {
    error = "HC_LIBRARY: " + report.error;
    return nullptr;
  }
  auto version = std::make_shared<ElementVersion>();
  std::shared_ptr<const StaticsLayout> statics;
  if (!report.mutable_statics.empty()) {
    if (mode == Statics::mapped) {
      error = "HC_STATE_DECLARATION: it has mutable static data that is not declared as state:";
      for (const std::string& name : report.mutable_statics) error += " '" + name + "'";
      return nullptr;
    }
    const auto begin = std::chrono::steady_clock::now();
    statics = find_statics(bytes, mode, error);
    if (!statics) return nullptr;
    version->mode_ = mode;
    version->statics_read_ns_ =
        static_cast<uint64_t>(std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count());
  }
  do {
    auto copy = Library::load(bytes, statics, error);
    if (!copy) return nullptr;
    version->copies_.push_back(std::move(copy));
  } while ((statics || version->copies_[0]->has_section()) && version->copies_.size() < shards);
  return version;
}

const StaticsMatch& ElementVersion::match_statics_of(const std::shared_ptr<const StaticsLayout>& from,
                                                     bool may_lose) {
  if (matched_ != from) {
    matched_ = from;
    match_ = match_statics(*from, *statics(), {may_lose, by_layout()});
  }
  return match_;
}

}  // namespace hotclick::core
