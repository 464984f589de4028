#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "../test/fake_shard.hh"
#include "../test/unit.hpp"
#include "capture_reader.hh"
#include "devices.hh"
#include "pcapng_writer.hh"

using namespace hotclick;
using namespace hotclick::io;

namespace {

using Outcome = CaptureReader::Outcome;

/// A file that goes with the object.
struct TemporaryFile {
  std::string path = "/tmp/hotclick-capture-XXXXXX";
  explicit TemporaryFile(const std::string& content = "") {
    const int fd = mkstemp(path.data());
    CHECK(fd >= 0 && write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    close(fd);
  }
  ~TemporaryFile() { unlink(path.c_str()); }
  std::string content() const {
    std::string all(1 << 20, '\0');
    const int fd = open(path.c_str(), O_RDONLY);
    all.resize(static_cast<size_t>(read(fd, all.data(), all.size())));
    close(fd);
    return all;
  }
};

std::string word32(uint32_t v, bool big) {
  if (big) v = __builtin_bswap32(v);
  return std::string(reinterpret_cast<char*>(&v), 4);
}
std::string word16(uint16_t v, bool big) {
  if (big) v = __builtin_bswap16(v);
  return std::string(reinterpret_cast<char*>(&v), 2);
}

std::string pcap_header(bool big = false, uint32_t magic = 0xA1B2C3D4, uint32_t link = 1) {
  return word32(magic, big) + word16(2, big) + word16(4, big) + word32(0, big) + word32(0, big) +
         word32(65535, big) + word32(link, big);
}
std::string pcap_record(const std::string& data, bool big = false, uint32_t seconds = 7,
                        uint32_t fraction = 5) {
  const auto n = static_cast<uint32_t>(data.size());
  return word32(seconds, big) + word32(fraction, big) + word32(n, big) + word32(n + 2, big) + data;
}
std::string block(uint32_t type, std::string body, bool big) {
  body.resize((body.size() + 3) & ~size_t{3});
  const std::string length = word32(static_cast<uint32_t>(body.size() + 12), big);
  return word32(type, big) + length + body + length;
}
std::string section(bool big) {
  return block(0x0A0D0D0A, word32(0x1A2B3C4D, big) + word16(1, big) + word16(0, big) + std::string(8, '\xFF'),
               big);
}

CaptureReader reader_of(const std::string& file) {
  return CaptureReader(ByteSource(reinterpret_cast<const uint8_t*>(file.data()), file.size()));
}
std::string text(const CapturedFrame& f) {
  return std::string(reinterpret_cast<const char*>(f.data), f.length);
}

}  // namespace

TEST("pcap files of both byte orders and both units are read") {
  for (const bool big : {false, true}) {
    for (const bool nano : {false, true}) {
      const std::string file = pcap_header(big, nano ? 0xA1B23C4D : 0xA1B2C3D4) + pcap_record("first", big) +
                               pcap_record("second", big, 8, 6);
      CaptureReader reader = reader_of(file);
      CHECK(reader.open());
      CapturedFrame frame;
      CHECK_EQ(reader.next(frame), Outcome::frame);
      CHECK_EQ(text(frame), "first");
      CHECK_EQ(frame.original_length, 7u);
      CHECK_EQ(frame.timestamp, 7'000'000'000u + (nano ? 5u : 5000u));
      CHECK_EQ(frame.link_type, 1);
      CHECK_EQ(reader.next(frame), Outcome::frame);
      CHECK_EQ(text(frame), "second");
      CHECK_EQ(reader.next(frame), Outcome::end);
      CHECK_EQ(reader.position(), file.size());
    }
  }
}

TEST("a pcap file cut at any byte ends without a frame that is not whole") {
  const std::string file = pcap_header() + pcap_record("first") + pcap_record("second");
  const size_t first_end = 24 + 16 + 5;
  for (size_t n = 0; n < file.size(); ++n) {
    const std::string part = file.substr(0, n);
    CaptureReader reader = reader_of(part);
    if (n < 24) {
      CHECK(!reader.open());
      CHECK(!reader.error().empty());
      continue;
    }
    CHECK(reader.open());
    CapturedFrame frame;
    uint32_t frames = 0;
    Outcome outcome;
    while ((outcome = reader.next(frame)) == Outcome::frame) ++frames;
    CHECK_EQ(frames, n >= first_end ? 1u : 0u);
    CHECK_EQ(outcome, n == 24 || n == first_end ? Outcome::end : Outcome::truncated);
  }
}

TEST("files that are not captures, and records of impossible length, are refused with a message") {
  CapturedFrame frame;
  for (const std::string& file :
       {std::string("GIF89a and more and more"), pcap_header().replace(4, 1, "\x09")}) {
    CaptureReader reader = reader_of(file);
    CHECK(!reader.open());
    CHECK(!reader.error().empty());
  }
  const std::string huge = pcap_header() + word32(1, false) + word32(1, false) + word32(0xFFFFFFF0, false) +
                           word32(60, false) + std::string(100, 'x');
  CaptureReader reader = reader_of(huge);
  CHECK(reader.open());
  CHECK_EQ(reader.next(frame), Outcome::damaged);
  CHECK_EQ(reader.error(), "a record of impossible length at byte 24");
  CHECK_EQ(reader.next(frame), Outcome::damaged);
}

TEST("pcapng files of both byte orders are read") {
  for (const bool big : {false, true}) {
    const std::string resolution =
        word16(9, big) + word16(1, big) + std::string("\x09\0\0\0", 4) + word32(0, big);
    const std::string file =
        section(big) + block(1, word16(1, big) + word16(0, big) + word32(0, big) + resolution, big) +
        block(1, word16(101, big) + word16(0, big) + word32(0, big), big) + block(0x0BAD, "unknown", big) +
        block(6, word32(0, big) + word32(1, big) + word32(2, big) + word32(5, big) + word32(9, big) + "first",
              big) +
        block(6,
              word32(1, big) + word32(0, big) + word32(3, big) + word32(6, big) + word32(6, big) + "second",
              big) +
        block(3, word32(5, big) + "third", big);
    CaptureReader reader = reader_of(file);
    CHECK(reader.open());
    CapturedFrame frame;
    CHECK_EQ(reader.next(frame), Outcome::frame);
    CHECK_EQ(text(frame), "first");
    CHECK_EQ(frame.timestamp, (uint64_t{1} << 32) + 2);
    CHECK_EQ(frame.original_length, 9u);
    CHECK_EQ(frame.link_type, 1);
    CHECK_EQ(reader.next(frame), Outcome::frame);
    CHECK_EQ(text(frame), "second");
    CHECK_EQ(frame.timestamp, 3000u);
    CHECK_EQ(frame.link_type, 101);
    CHECK_EQ(reader.next(frame), Outcome::frame);
    CHECK_EQ(text(frame), "third");
    CHECK_EQ(reader.next(frame), Outcome::end);
  }
}

TEST("damaged pcapng blocks are refused") {
  const std::string interface = block(1, word16(1, false) + word16(0, false) + word32(0, false), false);
  const std::string no_such_interface =
      word32(3, false) + std::string(8, '\0') + word32(1, false) + word32(1, false) + "x";
  const std::string longer_than_block =
      word32(0, false) + std::string(8, '\0') + word32(99, false) + word32(99, false) + "x";
  std::string two_lengths = block(6, std::string(24, '\0'), false);
  two_lengths.back() = 1;
  for (const std::string& bad :
       {block(6, no_such_interface, false), block(6, longer_than_block, false), two_lengths,
        word32(6, false) + word32(4, false) + std::string(20, 'x'), block(1, "", false)}) {
    const std::string file = section(false) + interface + bad;
    CaptureReader reader = reader_of(file);
    CHECK(reader.open());
    CapturedFrame frame;
    CHECK_EQ(reader.next(frame), Outcome::damaged);
  }
}

TEST("what the pcap device writes it reads again") {
  TemporaryFile file;
  FakeShard shard;
  char error[HC_ERROR_SIZE] = "";
  Batch batch;
  batch.count = 0;
  hc_device* out = open_device(shard.get(), "pcap-write", file.path.c_str(), "NANO=true SNAPLEN=100", error);
  if (!CHECK(out != nullptr)) return;
  for (int i = 0; i < 200; ++i) {
    const std::string data(60 + static_cast<size_t>(i), static_cast<char>(i));
    batch.add(*shard.make(data.data(), static_cast<uint32_t>(data.size())));
    batch[static_cast<uint32_t>(i)].timestamp = 1'700'000'000'123'456'789u + static_cast<uint64_t>(i);
  }
  CHECK_EQ(out->send(out, &batch), 200u);
  CHECK_EQ(batch.count, 0u);
  out->close(out);

  hc_device* in = open_device(shard.get(), "pcap-read", file.path.c_str(), "", error);
  if (!CHECK(in != nullptr)) return;
  CHECK_EQ(in->link_type, 1);
  CHECK_EQ(in->receive(in, &batch, 150), 150u);
  CHECK_EQ(in->finished, 0u);
  CHECK_EQ(in->receive(in, &batch, 150), 50u);
  CHECK_EQ(in->finished, 1u);
  CHECK(in->error == nullptr);
  for (uint32_t i = 0; i < 200; ++i) {
    CHECK_EQ(batch[i].length, i < 40 ? 60 + i : 100);
    CHECK_EQ(batch[i].data[i % 60], static_cast<uint8_t>(i));
    CHECK_EQ(batch[i].timestamp, 1'700'000'000'123'456'789u + i);
    CHECK_EQ(batch[i].mac_offset, batch[i].headroom());
  }
  hc_device_stats stats;
  in->read_stats(in, &stats);
  CHECK_EQ(stats.rx_packets, 200u);
  CHECK_EQ(stats.file_position, stats.file_size);
  shard.release(batch);
  in->close(in);
  CHECK_EQ(shard.free_packets(), 4096u);
}

TEST("KEEP leaves the packets to the caller") {
  TemporaryFile file;
  FakeShard shard;
  char error[HC_ERROR_SIZE] = "";
  Batch batch;
  batch.count = 0;
  hc_device* out = open_device(shard.get(), "pcap-write", file.path.c_str(), "KEEP=true LINK=101", error);
  if (!CHECK(out != nullptr)) return;
  batch.add(*shard.make("abcd", 4));
  CHECK_EQ(out->send(out, &batch), 1u);
  CHECK_EQ(batch.count, 1u);
  out->flush(out);
  CHECK_EQ(file.content().substr(40), "abcd");
  CHECK_EQ(file.content()[20], 101);
  shard.release(batch);
  out->close(out);
}

TEST("a file that loops starts again, an empty one ends") {
  TemporaryFile file(pcap_header() + pcap_record("one") + pcap_record("two"));
  TemporaryFile empty(pcap_header());
  FakeShard shard;
  char error[HC_ERROR_SIZE] = "";
  Batch batch;
  batch.count = 0;
  hc_device* in = open_device(shard.get(), "pcap-read", file.path.c_str(), "LOOP=true", error);
  if (!CHECK(in != nullptr)) return;
  CHECK_EQ(in->receive(in, &batch, 5), 5u);
  CHECK_EQ(batch[4].data[0], 'o');
  shard.release(batch);
  in->close(in);
  in = open_device(shard.get(), "pcap-read", empty.path.c_str(), "LOOP=true", error);
  if (!CHECK(in != nullptr)) return;
  CHECK_EQ(in->receive(in, &batch, 5), 0u);
  CHECK_EQ(in->finished, 1u);
  in->close(in);
  CHECK_EQ(shard.free_packets(), 4096u);
}

TEST("a truncated record is counted, a frame too long for a packet is skipped") {
  TemporaryFile file(pcap_header() + pcap_record(std::string(1921, 'x')) +
                     pcap_record(std::string(1920, 'y')) + pcap_record("cut").substr(0, 18));
  FakeShard shard;
  char error[HC_ERROR_SIZE] = "";
  Batch batch;
  batch.count = 0;
  hc_device* in = open_device(shard.get(), "pcap-read", file.path.c_str(), "", error);
  if (!CHECK(in != nullptr)) return;
  CHECK_EQ(in->receive(in, &batch, 10), 1u);
  CHECK_EQ(batch[0].length, 1920u);
  hc_device_stats stats;
  in->read_stats(in, &stats);
  CHECK_EQ(stats.rx_too_long, 1u);
  CHECK_EQ(stats.rx_truncated, 1u);
  shard.release(batch);
  in->close(in);
}

TEST("files that cannot be opened say why, a full disk is counted") {
  FakeShard shard;
  char error[HC_ERROR_SIZE] = "";
  CHECK(open_device(shard.get(), "pcap-read", "/nowhere/at.all", "", error) == nullptr);
  CHECK_EQ(std::string(error), "cannot read '/nowhere/at.all': No such file or directory");
  TemporaryFile file("not a capture file");
  CHECK(open_device(shard.get(), "pcap-read", file.path.c_str(), "", error) == nullptr);
  CHECK(open_device(shard.get(), "pcap-write", "/nowhere/at.all", "", error) == nullptr);
  CHECK(open_device(shard.get(), "pcap-write", "/dev/full", "", error) == nullptr);
  CHECK_EQ(std::string(error), "cannot write: No space left on device");
}

TEST("pcapng files are written with comments and nanoseconds") {
  TemporaryFile file;
  PcapngWriter writer;
  CHECK(writer.open(file.path.c_str(), "hotclick"));
  CHECK_EQ(writer.add_interface("nat [0]"), 0u);
  CHECK_EQ(writer.add_interface("raw", 101), 1u);
  const uint8_t data[] = {'h', 'e', 'l', 'l', 'o'};
  CHECK(writer.write(0, 1'700'000'000'123'456'789u, data, 5, 5, "from nat to queue"));
  CHECK(writer.write(1, 3, data, 4, 5));
  CHECK(writer.flush());
  const std::string content = file.content();
  CHECK(content.find("from nat to queue") != std::string::npos);
  CaptureReader reader = reader_of(content);
  CHECK(reader.open());
  CapturedFrame frame;
  CHECK_EQ(reader.next(frame), Outcome::frame);
  CHECK_EQ(text(frame), "hello");
  CHECK_EQ(frame.timestamp, 1'700'000'000'123'456'789u);
  CHECK_EQ(reader.next(frame), Outcome::frame);
  CHECK_EQ(text(frame), "hell");
  CHECK_EQ(frame.original_length, 5u);
  CHECK_EQ(frame.link_type, 101);
  CHECK_EQ(reader.next(frame), Outcome::end);
}
