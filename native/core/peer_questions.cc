#include "peer_questions.hh"

#include <sched.h>

#include "clock.hh"
#include "shard.hh"
#include "version_handlers.hh"

namespace hotclick::core {
namespace {

constexpr uint64_t longest_wait = 1'000'000'000;  // ns

bool has_ended(Shard& shard) {
  return shard.control().stop.load(std::memory_order_relaxed) != 0;
}

}  // namespace

PeerQuestions::PeerQuestions(uint32_t shards)
    : shards_(shards),
      questions_(std::make_unique<Question[]>(size_t{shards} * shards)),
      asked_(std::make_unique<Count[]>(shards)) {}

bool PeerQuestions::ask(Shard& asker, const std::string& element, const std::string& handler,
                        const std::string& parameter, uint32_t room, std::vector<std::string>& values) {
  const uint32_t from = asker.index();
  bool good = true;
  std::vector<uint32_t> open;
  for (uint32_t to = 0; to < shards_; ++to) {
    Question& q = question(from, to);
    if (to == from || has_ended(*peers_[to])) continue;
    if (q.state.load(std::memory_order_acquire) ==
        asked) {  // given up earlier, or asked further up the stack
      good = false;
      continue;
    }
    q.element = element;
    q.handler = handler;
    q.parameter = parameter;
    q.value.resize(room);
    q.has_value = q.too_long = false;
    q.state.store(asked, std::memory_order_release);
    asked_[to].count.fetch_add(1, std::memory_order_seq_cst);
    peers_[to]->wake_if_asleep();
    open.push_back(to);
  }
  const uint64_t deadline = monotonic() + longest_wait;
  asker.guard().set_waiting(true);
  for (const uint32_t to : open) {
    Question& q = question(from, to);
    while (q.state.load(std::memory_order_acquire) == asked) {
      answer(asker);
      if (has_ended(asker) || has_ended(*peers_[to]) || monotonic() > deadline) break;
      sched_yield();
    }
    if (q.state.load(std::memory_order_acquire) != answered) {
      good = good && has_ended(*peers_[to]);
      continue;
    }
    if (q.too_long) good = false;
    if (q.has_value) values.push_back(std::move(q.value));
    q.value = {};
    q.state.store(idle, std::memory_order_relaxed);
  }
  asker.guard().set_waiting(false);
  return good;
}

void PeerQuestions::answer(Shard& at) {
  if (!waiting(at.index())) return;
  for (uint32_t from = 0; from < shards_; ++from) {
    Question& q = question(from, at.index());
    if (q.state.load(std::memory_order_acquire) != asked) continue;
    Node* node = at.graph() ? at.graph()->find(q.element) : nullptr;
    const hc_handler* handler = node ? node->find_handler(q.handler) : nullptr;
    if (handler && handler->read) {
      hc_text out = {q.value.data(), 0, static_cast<uint32_t>(q.value.size()), 0, 0};
      const hc_string parameter{q.parameter.c_str(), static_cast<uint32_t>(q.parameter.size()), 0};
      char error[HC_ERROR_SIZE];
      q.has_value = read_versions(*at.graph(), *node, *handler, parameter, out, error) == 0;
      q.value.resize(out.length);
      q.too_long = out.overflow != 0;
    }
    asked_[at.index()].count.fetch_sub(1, std::memory_order_relaxed);
    q.state.store(answered, std::memory_order_release);
  }
}

}  // namespace hotclick::core
