#include "message_socket.hh"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "../test/unit.hpp"

using namespace hotclick::io;

namespace {

/// A memory file with one word in it.
int word_file(uint32_t word) {
  const int fd = memfd_create("word", MFD_CLOEXEC);
  if (write(fd, &word, sizeof(word)) != sizeof(word)) return -1;
  return fd;
}

uint32_t word_of(int fd) {
  uint32_t word = 0;
  return pread(fd, &word, sizeof(word), 0) == sizeof(word) ? word : 0;
}

struct Pair {
  int ends[2] = {-1, -1};
  std::string error;
  Pair() { CHECK(make_message_pair(ends, error)); }
  ~Pair() {
    close(ends[0]);
    close(ends[1]);
  }
};

}  // namespace

TEST("messages keep their bounds, their bytes and their files") {
  Pair pair;
  const int files[] = {word_file(7), word_file(8), word_file(9)};
  CHECK(send_message(pair.ends[0], "first", 5, files, 3, 0, pair.error));
  CHECK(send_message(pair.ends[0], "second", 6, nullptr, 0, 0, pair.error));
  for (const int fd : files) close(fd);
  Message message;
  CHECK(receive_message(pair.ends[1], message, 1000, pair.error));
  CHECK_EQ(std::string(message.data.begin(), message.data.end()), "first");
  CHECK_EQ(message.files.size(), 3u);
  for (uint32_t i = 0; i < message.files.size(); ++i) {
    CHECK_EQ(word_of(message.files[i]), 7 + i);
    CHECK((fcntl(message.files[i], F_GETFD) & FD_CLOEXEC) != 0);
    close(message.files[i]);
  }
  CHECK(receive_message(pair.ends[1], message, 1000, pair.error));
  CHECK_EQ(std::string(message.data.begin(), message.data.end()), "second");
  CHECK_EQ(message.files.size(), 0u);
}

TEST("as many files as a message may have") {
  Pair pair;
  std::vector<int> files;
  for (uint32_t i = 0; i < most_message_files; ++i) files.push_back(word_file(i + 1));
  CHECK(send_message(pair.ends[0], "x", 1, files.data(), files.size(), 0, pair.error));
  CHECK(!send_message(pair.ends[0], "x", 1, files.data(), most_message_files + 1, 0, pair.error));
  Message message;
  CHECK(receive_message(pair.ends[1], message, 1000, pair.error));
  CHECK_EQ(message.files.size(), files.size());
  for (uint32_t i = 0; i < message.files.size(); ++i) {
    CHECK_EQ(word_of(message.files[i]), i + 1);
    close(message.files[i]);
  }
  for (const int fd : files) close(fd);
}

TEST("a closed end and silence are told apart, and end the waiting") {
  Pair pair;
  Message message;
  CHECK(!receive_message(pair.ends[1], message, 1, pair.error));
  CHECK(!pair.error.empty());
  close(pair.ends[0]);
  CHECK(!receive_message(pair.ends[1], message, 1000, pair.error));
  CHECK(pair.error.empty());
  CHECK(!send_message(pair.ends[1], "x", 1, nullptr, 0, 0, pair.error));
  pair.ends[0] = dup(pair.ends[1]);
}

TEST("files that find no room are an error, and none of them stays open") {
  Pair pair;
  const int files[] = {word_file(1), word_file(2), word_file(3)};
  CHECK(send_message(pair.ends[0], "x", 1, files, 3, 0, pair.error));
  for (const int fd : files) close(fd);
  const int next = dup(pair.ends[0]);
  close(next);
  rlimit before = {};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few = {static_cast<rlim_t>(next) + 1, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &few);
  Message message;
  CHECK(!receive_message(pair.ends[1], message, 1000, pair.error));
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK(!pair.error.empty());
  const int after = dup(pair.ends[0]);
  CHECK_EQ(after, next);
  close(after);
}

TEST("only the same user can connect to a path, and the peer is known") {
  char directory[] = "/tmp/hotclick-messages-XXXXXX";
  CHECK(mkdtemp(directory) != nullptr);
  const std::string path = std::string(directory) + "/socket";
  std::string error;
  const int listening = listen_for_messages(path.c_str(), error);
  CHECK(listening >= 0);
  struct stat about = {};
  CHECK_EQ(stat(path.c_str(), &about), 0);
  CHECK_EQ(about.st_mode & 0777u, 0600u);
  CHECK_EQ(listen_for_messages(path.c_str(), error), -1);
  const int client = connect_messages(path.c_str(), error);
  CHECK(client >= 0);
  CHECK_EQ(peer_of(client).pid, getpid());
  CHECK_EQ(peer_of(client).uid, geteuid());
  close(client);
  close(listening);
  CHECK_EQ(connect_messages(path.c_str(), error), -1);
  unlink(path.c_str());
  rmdir(directory);
}
