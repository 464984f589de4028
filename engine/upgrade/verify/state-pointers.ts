/**
 * Addresses in state. State outlives the library that wrote it: an address of that library, or of the element's own
 * object, leads nowhere once the new version has taken the state over.
 */
import type { NativeEngine, StatePointer } from '../../datapath/addon.ts';
import { HotclickError } from '../../errors.ts';
import type { ElementClass, SchemaInfo, StateInfo } from '../../graph/element-class.ts';
import type { CheckedChange } from '../checks.ts';
import { isNewVersion } from '../older-versions.ts';
import { sameLayout } from './schema-path.ts';

/**
 * Looks at the state of the running elements that the change hands on. Reads while the shards write: nothing waits for it.
 * @throws HotclickError HC_STATE_POINTER
 */
export function checkLiveState(
  engine: Pick<NativeEngine, 'statePointers'>,
  shards: number,
  { running, design, actions }: CheckedChange,
): void {
  const adopted = new Map(
    actions.filter(isNewVersion).map((action) => [action.from ?? action.element, action] as const),
  );
  if (adopted.size === 0) return;
  for (let shard = 0; shard < shards; ++shard) {
    for (const pointer of engine.statePointers(shard, [...adopted.keys()])) {
      const { className } = adopted.get(pointer.element)!;
      const from = running.classes.get(className);
      const to = design.classes.get(className);
      if (!from || !to || !isCarriedOver(pointer, from.elementClass, to.elementClass)) continue;
      // The same library stays where it is; only the object is another.
      if (pointer.inLibrary && from.sha256 === to.sha256) continue;
      throw refusal(`element '${pointer.element}'`, pointer);
    }
  }
}

/** For what new code has left in its state during its trial. @throws HotclickError HC_STATE_POINTER */
export function refusePointers(who: string, pointers: readonly StatePointer[]): void {
  const [first] = pointers;
  if (first) throw refusal(who, first);
}

function refusal(who: string, pointer: StatePointer): HotclickError {
  const { state, offset, field, target, records } = pointer;
  const place = field === '' ? `offset ${offset}, which no field declares,` : `field '${field}'`;
  const seen = records > 1 ? ` in ${records} records` : '';
  return new HotclickError(
    'HC_STATE_POINTER',
    `${who}, state '${state}': ${place} holds an address in ${target}${seen}; it would lead nowhere after an upgrade`,
    { details: { ...pointer } },
  );
}

/** Whether the bytes at that place are still there in the new version's state. */
function isCarriedOver({ state, field }: StatePointer, from: ElementClass, to: ElementClass): boolean {
  const before = from.states.find(({ name }) => name === state);
  const after = to.states.find(({ name }) => name === state);
  if (!before || !after) return false;
  if (sameLayout(before.schema, after.schema)) return true;
  return after.schema.fields.some(({ name }) => name === field);
}

/** Bytes of a record in which an address would fit and which no field declares. */
export function undeclaredBytes({ className, states }: ElementClass): string[] {
  return states.flatMap(({ name, schema }: StateInfo) =>
    gaps(schema).map(
      ([offset, bytes]) =>
        `${className}, state '${name}': ${bytes} bytes from offset ${offset} on belong to no field; ` +
        'they are lost when the layout changes',
    ),
  );
}

const word = 8;

function gaps({ size, fields }: SchemaInfo): [offset: number, bytes: number][] {
  const found: [number, number][] = [];
  const sorted = [...fields].sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const { offset, size: bytes } of [...sorted, { offset: size, size: 0 }]) {
    const aligned = Math.ceil(end / word) * word;
    if (offset >= aligned + word) found.push([end, offset - end]);
    end = Math.max(end, offset + bytes);
  }
  return found;
}
