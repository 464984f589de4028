/** Sources of small elements of classes of their own, each with a state, in two versions. */
export function stageClass(number: number): string {
  return `Stage${String(number).padStart(2, '0')}`;
}

/** Counts what passes; the second version counts bytes in the same state too, which the first left alone. */
export function stageSource(className: string, version: 1 | 2): string {
  const bytes = 'for (const Packet& p : batch) counts->bytes += p.length;';
  return `#include <hotclick/element.hpp>
using namespace hotclick;

struct Counts {
  uint64_t packets = 0, bytes = 0;
};
constexpr auto counts_v1 = schema<Counts>(1, HC_COUNT(Counts, packets), HC_COUNT(Counts, bytes));

struct ${className} : Element {
  hotclick::State<Counts> counts;

  void action(Batch& batch) {
    counts->packets += batch.count;
    ${version === 2 ? bytes : ''}
  }
  uint64_t packets() const { return counts->packets; }
};

constexpr auto info = element<${className}>("${className}", "${version}.0.0")
                          .help("Counts what passes.")
                          .state<&${className}::counts>("counts", counts_v1, "what has passed")
                          .read<&${className}::packets>("packets", merge::sum, "that have passed");
HOTCLICK_EXPORT(info)
`;
}

/** All of them in a row between the devices, and back without any. */
export function stagesConfiguration(stages: number): string {
  const row = Array.from({ length: stages }, (_, i) => `s${i + 1} :: ${stageClass(i + 1)}`).join(' -> ');
  return `define($CLIENT_DEV hc-c, $SERVER_DEV hc-s)
FromDevice($CLIENT_DEV, PROMISC true) -> ${row} -> ToDevice($SERVER_DEV)
FromDevice($SERVER_DEV, PROMISC true) -> ToDevice($CLIENT_DEV)
`;
}
