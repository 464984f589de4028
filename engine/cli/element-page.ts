/** The reference page of an element class, made from what the class says about itself. */

import type { ElementClass, FieldInfo, StateInfo } from '../graph/element-class.ts';

/** Markdown; also readable as it is. */
export function elementPage(elementClass: ElementClass): string {
  const { className, version, ports, processing, flow, help } = elementClass;
  const facts = `Version ${version} · ports \`${ports}\` · processing \`${processing}\` · flow \`${flow}\``;
  return [
    `# ${className}`,
    facts,
    help.trim(),
    ...argumentSection(elementClass),
    ...handlerSection(elementClass),
    ...stateSection(elementClass),
    ...dropSection(elementClass),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

/** The first line of a class's help. */
export function summaryOf({ help }: ElementClass): string {
  return help.split('\n', 1)[0]?.trim() ?? '';
}

function argumentSection(elementClass: ElementClass): string[] {
  const rows = elementClass.arguments.map(({ name, type, positional, mandatory, defaultText, help }) => {
    const kind = [
      positional || type === 'rest' ? 'positional' : 'keyword',
      ...(mandatory ? ['mandatory'] : []),
    ].join(', ');
    return [code(name), type, kind, defaultText === '' ? '' : code(defaultText), help];
  });
  return section('Arguments', ['name', 'type', 'kind', 'default', 'meaning'], rows);
}

function handlerSection({ handlers }: ElementClass): string[] {
  const rows = handlers.map(({ name, readable, parameter, writable, merge, help }) => {
    const access = [
      ...(readable ? [parameter ? 'read with a parameter' : 'read'] : []),
      ...(writable ? ['write'] : []),
    ].join(', ');
    return [code(name), access, readable ? merge : '', help];
  });
  return section('Handlers', ['name', 'access', 'merged over shards', 'meaning'], rows);
}

function stateSection({ states }: ElementClass): string[] {
  return states.length === 0 ? [] : ['## States', ...states.flatMap(stateOf)];
}

function stateOf({ name, kind, schema, key }: StateInfo): string[] {
  const rows = (fields: readonly FieldInfo[], part: string) =>
    fields.map(({ name, type, offset, size }) => [part, code(name), type, String(offset), String(size)]);
  return [
    `### ${name}`,
    `${stateKinds[kind]}, schema version ${schema.version}, ${schema.size} bytes.`,
    table(
      ['part', 'field', 'type', 'offset', 'bytes'],
      [...rows(key?.fields ?? [], 'key'), ...rows(schema.fields, key === undefined ? 'state' : 'record')],
    ),
  ];
}

const stateKinds: Readonly<Record<StateInfo['kind'], string>> = {
  static: 'Static state of each instance',
  section: 'Static variables of the library, shared by its instances in a shard',
  table: 'Table',
};

function dropSection({ drops }: ElementClass): string[] {
  return section(
    'Drop reasons',
    ['reason', 'meaning'],
    drops.map(({ name, help }) => [code(name), help]),
  );
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : [`## ${title}`, table(head, rows)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function code(text: string): string {
  return `\`${text}\``;
}
