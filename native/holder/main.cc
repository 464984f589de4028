/// hotclick-holder PATH SECONDS: keeps open files for the engine that connects to the Unix socket at PATH, and for
/// SECONDS after that engine has died. Prints `ready` when engines can connect. Ends by itself when there is nobody to
/// keep anything for.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "holder.hh"

namespace {

using namespace hotclick;

/// Removes the socket of a holder that died. False when one listens there, or the path is something else.
bool make_room(const char* path) {
  struct stat about = {};
  if (lstat(path, &about) != 0) return true;
  std::string error;
  const int other = io::connect_messages(path, error);
  if (other >= 0) close(other);
  return other < 0 && S_ISSOCK(about.st_mode) && unlink(path) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  char* end = nullptr;
  const unsigned long seconds = argc == 3 ? strtoul(argv[2], &end, 10) : 0;
  if (argc != 3 || *argv[2] == '\0' || *end != '\0') {
    fprintf(stderr, "usage: hotclick-holder PATH SECONDS\n");
    return 2;
  }
  const char* path = argv[1];
  std::string error = "something is there already";
  const int listening = make_room(path) ? io::listen_for_messages(path, error) : -1;
  if (listening < 0) {
    fprintf(stderr, "hotclick-holder: %s: %s\n", path, error.c_str());
    return 1;
  }
  struct stat mine = {};
  lstat(path, &mine);
  signal(SIGPIPE, SIG_IGN);
  puts("ready");
  fflush(stdout);
  // Whoever started it may wait for the end of its output.
  if (const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC); nowhere >= 0) {
    dup2(nowhere, STDOUT_FILENO);
    close(nowhere);
  }
  {
    holder::Holder holder(listening, seconds * 1000);
    holder.run();
  }
  struct stat now = {};
  if (lstat(path, &now) == 0 && now.st_ino == mine.st_ino && now.st_dev == mine.st_dev) unlink(path);
  close(listening);
  return 0;
}
