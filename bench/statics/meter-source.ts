/** Sources of an element with so many static variables, declared or not, in two versions. */

export interface MeterShape {
  /** Numbers of 8 bytes, each a variable. */
  readonly variables: number;
  /** Bytes of one more variable. */
  readonly block: number;
}

export interface MeterVersion {
  /** In a section that is mapped, instead of plain variables. */
  readonly declared: boolean;
  readonly version: string;
  /** A variable more, so that all others move. */
  readonly adds: boolean;
}

export function meterSource(shape: MeterShape, { declared, version, adds }: MeterVersion): string {
  return `#include <hotclick/element.hpp>
using namespace hotclick;
${declared ? declaredVariables(shape) : plainVariables(shape, adds)}
struct Meter : Element {
  void action(Batch& batch) { add(0, batch.count); }
  uint64_t sum() const {
    uint64_t n = 0;
    for (uint32_t i = 1; i < count; ++i) n += get(i);
    for (uint64_t i = 0; i < block_size; i += 4096) n += block(i);
    return n;
  }
  void touch() {
    for (uint32_t i = 1; i < count; ++i) add(i, i);
    for (uint64_t i = 0; i < block_size; i += 4096) ++block(i);
  }
};

constexpr auto info = element<Meter>("Meter", "${version}")
                          .help("Keeps numbers in static variables.")
${declared ? '                          .section<&all>("all", all_v1, "every number")\n' : ''}\
                          .read<&Meter::sum>("sum", merge::sum, "of all numbers but the first")
                          .write<&Meter::touch>("touch", "adds to every number");
HOTCLICK_EXPORT(info)
`;
}

const sizes = ({ variables, block }: MeterShape, added = 0) =>
  `static constexpr uint32_t count = ${variables + added};\nstatic constexpr uint64_t block_size = ${block};`;

function declaredVariables(shape: MeterShape): string {
  return `${sizes(shape)}
struct All {
  uint64_t numbers[count] = {};
  uint8_t bytes[block_size + 1] = {};
};
constexpr auto all_v1 = schema<All>(1, HC_FIELD(All, numbers), HC_FIELD(All, bytes));
HC_SECTION Section<All> all;
static uint64_t get(uint32_t i) { return all->numbers[i]; }
static void add(uint32_t i, uint64_t n) { all->numbers[i] += n; }
static uint8_t& block(uint64_t i) { return all->bytes[i]; }`;
}

/** Every number is a variable of its own; the table of their addresses is a constant. */
function plainVariables(shape: MeterShape, adds: boolean): string {
  const names = Array.from({ length: shape.variables }, (_, i) => `number_${i}`);
  const added = adds ? ['added'] : [];
  return `${sizes(shape, added.length)}
static uint64_t ${[...added, ...names].join(', ')};
static uint8_t bytes[block_size + 1];
static uint64_t* const numbers[] = {${[...names, ...added].map((name) => `&${name}`).join(', ')}};
static uint64_t get(uint32_t i) { return *numbers[i]; }
static void add(uint32_t i, uint64_t n) { *numbers[i] += n; }
static uint8_t& block(uint64_t i) { return bytes[i]; }`;
}
