/// Handlers of other shards, read for an element while it waits: how a script sees the value of the whole engine.
///
/// There is one place for a question from every shard to every other. Who asks writes the question and wakes the
/// other shard, which answers between two rounds, or while it waits for an answer itself, so that two that ask
/// each other come to an end. Nothing here is on the packet path but one look at a counter in each round.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace hotclick::core {

class Shard;

class PeerQuestions {
 public:
  explicit PeerQuestions(uint32_t shards);
  /// host, before the shards run.
  void add_peer(Shard* shard) { peers_.push_back(shard); }

  /// In the asking shard: appends the value that every other shard has for the handler; a shard that does not run
  /// the element, has ended, or rejects the parameter, gives none. False when one did not answer within a second, or its answer was
  /// longer than `room` characters.
  bool ask(Shard& asker, const std::string& element, const std::string& handler, const std::string& parameter,
           uint32_t room, std::vector<std::string>& values);
  /// In shard `at`: whether somebody asks.
  bool waiting(uint32_t at) const { return asked_[at].count.load(std::memory_order_seq_cst) != 0; }
  void answer(Shard& at);

 private:
  enum State : uint32_t { idle, asked, answered };
  struct Question {
    std::atomic<uint32_t> state{idle};
    std::string element, handler, parameter;
    std::string value;
    bool has_value = false, too_long = false;
  };
  struct alignas(64) Count {
    std::atomic<uint32_t> count{0};
  };
  Question& question(uint32_t from, uint32_t to) { return questions_[from * shards_ + to]; }

  uint32_t shards_;
  std::unique_ptr<Question[]> questions_;
  std::unique_ptr<Count[]> asked_;
  std::vector<Shard*> peers_;
};

}  // namespace hotclick::core
