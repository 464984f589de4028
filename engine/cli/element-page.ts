/** The reference page of an element class, made from what the class says about itself. */

import type { ElementClass, StateInfo } from '../graph/element-class.ts';

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
  const rows = handlers.map(({ name, readable, writable, merge, help }) => {
    const access = [...(readable ? ['read'] : []), ...(writable ? ['write'] : [])].join(', ');
    return [code(name), access, readable ? merge : '', help];
  });
  return section('Handlers', ['name', 'access', 'merged over shards', 'meaning'], rows);
}

function stateSection({ states }: ElementClass): string[] {
  const rows = states.map((state) => [
    code(state.name),
    state.kind,
    String(state.schema.version),
    fieldsOf(state),
  ]);
  return section('States', ['name', 'kind', 'schema version', 'fields'], rows);
}

function fieldsOf({ key, schema }: StateInfo): string {
  const list = (fields: readonly { name: string; type: string }[]) =>
    fields.map(({ name, type }) => `${code(name)} ${type}`).join(', ');
  return key === undefined ? list(schema.fields) : `${list(key.fields)} → ${list(schema.fields)}`;
}

function dropSection({ drops }: ElementClass): string[] {
  return section(
    'Drop reasons',
    ['reason', 'meaning'],
    drops.map(({ name, help }) => [code(name), help]),
  );
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [`## ${title}`, [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function code(text: string): string {
  return `\`${text}\``;
}
