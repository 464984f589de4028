/// Device kinds "pcap-read" and "pcap-write": capture files. `name` is the path, "-" the standard input or
/// output.
///
/// Options of pcap-read (reads pcap and pcapng):
///   LOOP=          true or false (false): start again at the end
/// Options of pcap-write (writes pcap):
///   LINK=n         LINKTYPE_ number of the frames (1)
///   SNAPLEN=bytes  cut longer frames (0: never cut)
///   NANO=          true or false (false): times in nanoseconds, not microseconds
///   KEEP=          true or false (false): send() leaves the packets in the batch, for an element that passes
///   them on
///
/// Files block the caller while the disk works; flush() writes what is buffered.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <algorithm>
#include <hotclick/batch.hpp>
#include <new>
#include <optional>

#include "capture_output.hh"
#include "capture_reader.hh"
#include "device_options.hh"
#include "devices.hh"
#include "interface.hh"

namespace hotclick::io {
namespace {

constexpr uint32_t longest_frame = HC_BUFFER_SIZE - HC_HEADROOM;

bool is_ip_link(uint16_t link_type) {
  return link_type == 101 || link_type == 12 || link_type == 14 || link_type == 228 || link_type == 229;
}

/// Its place is the number of frames read since the start of the file.
struct PcapReadDevice : Device {
  FileDescriptor file;
  std::optional<CaptureReader> reader;
  bool loop = false;
  uint64_t frames_this_time = 0;
  bool catching_up = false;  // another engine may have read on since this file was opened
  std::string message;

  bool start() {
    reader.emplace(ByteSource(file.get()));
    frames_this_time = 0;
    return reader->open();
  }
  bool start_again() { return lseek(file.get(), 0, SEEK_SET) == 0 && start(); }
  /// Skips what the engine before has read until now.
  void catch_up() {
    const uint64_t place = memory->place;
    if (frames_this_time > place && !start_again()) return stop("the file cannot be read again");
    CapturedFrame frame;
    while (frames_this_time < place && reader->next(frame) == CaptureReader::Outcome::frame)
      ++frames_this_time;
  }
  /// The next frame, from the start again when the file loops; false at the end.
  bool next(CapturedFrame& frame) {
    for (;;) {
      const CaptureReader::Outcome outcome = reader->next(frame);
      if (outcome == CaptureReader::Outcome::frame) {
        memory->place = ++frames_this_time;
        return true;
      }
      if (outcome == CaptureReader::Outcome::truncated) ++memory->stats.rx_truncated;
      if (outcome == CaptureReader::Outcome::damaged) stop(reader->error());
      if (outcome == CaptureReader::Outcome::damaged || !loop || frames_this_time == 0) break;
      if (!start_again()) {
        stop("the file cannot be read again");
        break;
      }
    }
    finished = 1;
    return false;
  }
  void stop(const std::string& why) {
    message = why;
    error = message.c_str();
  }
};

PcapReadDevice& reader(hc_device* device) {
  return *static_cast<PcapReadDevice*>(device);
}

uint32_t receive(hc_device* device, hc_batch* batch, uint32_t max) {
  PcapReadDevice& d = reader(device);
  hc_device_stats& stats = d.memory->stats;
  if (HC_UNLIKELY(d.catching_up)) {
    d.catching_up = false;
    d.catch_up();
  }
  if (max > HC_BATCH_CAPACITY - batch->count) max = HC_BATCH_CAPACITY - batch->count;
  uint32_t received = 0;
  while (received < max && !d.finished) {
    Packet* p = allocate_packet(d.shard);
    if (!p) {
      ++stats.rx_no_packet;
      break;
    }
    CapturedFrame frame;
    const bool have = d.next(frame);
    if (!have || frame.length > longest_frame) {
      hc_packet* unused = p;
      release_packets(d.shard, &unused, 1);
      if (have) ++stats.rx_too_long;
      continue;
    }
    if (frame.length > p->tailroom()) p->data = p->buffer + HC_HEADROOM;
    if (frame.length != 0) memcpy(p->data, frame.data, frame.length);
    p->length = frame.length;
    p->timestamp = frame.timestamp;
    if (is_ip_link(frame.link_type)) {
      p->set_network(p->data);
    } else {
      p->set_mac(p->data);
    }
    d.link_type = frame.link_type;
    batch->packets[batch->count++] = p;
    stats.rx_bytes += frame.length;
    ++received;
  }
  stats.rx_packets += received;
  return received;
}

uint32_t send_nothing(hc_device*, hc_batch*) {
  return 0;
}
void flush_nothing(hc_device*) {}

void read_reader_stats(hc_device* device, hc_device_stats* stats) {
  PcapReadDevice& d = reader(device);
  d.memory->stats.file_position = d.reader->position();
  *stats = d.memory->stats;
}

void close_reader(hc_device* device) {
  delete &reader(device);
}

/// Its place is the number of bytes written.
struct PcapWriteDevice : Device {
  CaptureOutput output;
  uint32_t snap_length = 0;
  bool nanoseconds = false, keep = false;
  std::string message;

  bool write_header() {
    const uint32_t words[6] = {nanoseconds ? 0xA1B23C4Du : 0xA1B2C3D4u,  2u | 4u << 16, 0, 0,
                               snap_length != 0 ? snap_length : 262144u, link_type};
    uint8_t* at = output.reserve(sizeof(words));
    memcpy(at, words, sizeof(words));
    output.commit(sizeof(words));
    return output.flush();
  }
  bool write(const hc_packet& p) {
    const uint32_t captured = snap_length != 0 ? std::min(p.length, snap_length) : p.length;
    uint8_t* at = output.reserve(16 + captured);
    if (!at) return false;
    const uint64_t time = p.timestamp != 0 ? p.timestamp : shard->now + shard->wall_offset;
    const uint32_t fraction = static_cast<uint32_t>(time % 1'000'000'000u);
    const uint32_t words[4] = {static_cast<uint32_t>(time / 1'000'000'000u),
                               nanoseconds ? fraction : fraction / 1000, captured, p.length};
    memcpy(at, words, sizeof(words));
    memcpy(at + sizeof(words), p.data, captured);
    output.commit(16 + captured);
    memory->stats.tx_bytes += captured;
    return true;
  }
  /// The writer's own account of failures becomes the device's.
  void note_failures() {
    if (output.error().empty()) return;
    message = output.error();
    error = message.c_str();
  }
};

PcapWriteDevice& writer(hc_device* device) {
  return *static_cast<PcapWriteDevice*>(device);
}

uint32_t receive_nothing(hc_device*, hc_batch*, uint32_t) {
  return 0;
}

uint32_t send(hc_device* device, hc_batch* batch) {
  PcapWriteDevice& d = writer(device);
  const uint32_t count = batch->count;
  uint32_t written = 0;
  for (uint32_t i = 0; i < count; ++i) written += d.write(*batch->packets[i]) ? 1 : 0;
  d.memory->stats.tx_packets += written;
  d.memory->stats.tx_errors += count - written;
  if (written != count) d.note_failures();
  if (!d.keep) {
    release_packets(d.shard, batch->packets, count);
    batch->count = 0;
  }
  return written;
}

void flush(hc_device* device) {
  if (!writer(device).output.flush()) writer(device).note_failures();
}

void read_writer_stats(hc_device* device, hc_device_stats* stats) {
  PcapWriteDevice& d = writer(device);
  *stats = d.memory->stats;
  const uint64_t lost = d.output.lost_records();  // counted as written when they went to the buffer
  stats->tx_packets -= std::min(lost, stats->tx_packets);
  stats->tx_errors += lost;
  stats->file_position = stats->file_size = d.output.position();
}

void close_writer(hc_device* device) {
  flush(device);
  delete &writer(device);
}

}  // namespace

hc_device* open_pcap_reader(hc_shard* shard, const char* path, const char* options, char* error,
                            const DeviceOrigin& origin) {
  const DeviceOptions words(options);
  bool loop = false;
  if (!words.check({"LOOP", "SHARDS", "GROUP"}, error) || !words.flag("LOOP", loop, error)) return nullptr;
  if (origin.files && strcmp(path, "-") == 0) {
    set_error(error,
              "the standard input cannot be handed to another engine: what was read ahead would be lost");
    return nullptr;
  }
  FileDescriptor file(strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                             : open(path, O_RDONLY | O_CLOEXEC));
  struct stat about = {};
  if (!file.valid() || fstat(file.get(), &about) != 0) {
    set_error(error, "cannot read '%s': %s", path, strerror(errno));
    return nullptr;
  }
  auto* d = new (std::nothrow) PcapReadDevice();
  if (!d) {
    set_error(error, "no memory for a device");
    return nullptr;
  }
  static_cast<hc_device&>(*d) = {
      receive, send_nothing, flush_nothing, read_reader_stats, close_reader, -1, 0, shard, {}, 0, 0, nullptr};
  d->file = std::move(file);
  d->loop = loop;
  if (origin.memory) d->memory = origin.memory;
  d->files = [](Device&) { return std::vector<int>(); };
  d->memory->stats.link_up = 1;
  d->memory->stats.file_size = S_ISREG(about.st_mode) ? static_cast<uint64_t>(about.st_size) : 0;
  if (!d->start()) {
    set_error(error, "cannot read '%s': %s", path, d->reader->error().c_str());
    delete d;
    return nullptr;
  }
  d->link_type = d->reader->link_type();
  if (origin.files) {
    d->catch_up();  // most of it; the rest with the first receive()
    d->catching_up = true;
  }
  return d;
}

hc_device* open_pcap_writer(hc_shard* shard, const char* path, const char* options, char* error,
                            const DeviceOrigin& origin) {
  const DeviceOptions words(options);
  uint64_t link = 1, snap = 0;
  bool nanoseconds = false, keep = false;
  if (!words.check({"LINK", "SNAPLEN", "NANO", "KEEP", "SHARDS", "GROUP"}, error) ||
      !words.number("LINK", 0, 65535, link, error) || !words.number("SNAPLEN", 0, 262144, snap, error) ||
      !words.flag("NANO", nanoseconds, error) || !words.flag("KEEP", keep, error)) {
    return nullptr;
  }
  auto* d = new (std::nothrow) PcapWriteDevice();
  if (!d) {
    set_error(error, "no memory for a device");
    return nullptr;
  }
  static_cast<hc_device&>(*d) = {
      receive_nothing, send, flush, read_writer_stats, close_writer, -1, 0, shard, {}, 0, 0, nullptr};
  d->link_type = static_cast<uint16_t>(link);
  d->snap_length = static_cast<uint32_t>(snap);
  d->nanoseconds = nanoseconds;
  d->keep = keep;
  if (origin.memory) d->memory = origin.memory;
  d->files = [](Device& device) { return std::vector<int>{writer(&device).output.fd()}; };
  d->memory->stats.link_up = 1;
  d->output.keep_place(&d->memory->place);
  if (origin.files) {
    const int own = origin.files->size() == 1 ? fcntl(origin.files->front(), F_DUPFD_CLOEXEC, 3) : -1;
    if (own >= 0) {
      d->output.adopt(own);
      return d;
    }
    set_error(error, "the descriptor of '%s' is missing", path);
    delete d;
    return nullptr;
  }
  if (d->output.open(path) && d->write_header()) return d;
  set_error(error, "%s", d->output.error().c_str());
  delete d;
  return nullptr;
}

}  // namespace hotclick::io
