/** Text from packets, state and other processes, made harmless for a terminal. */

/** Controls, and the marks that reorder text, become `\xNN` or `\u{NNNN}`; with `keepLines` line ends and tabs stay. */
export function printable(text: string, { keepLines = false } = {}): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    if (keepLines && (character === '\n' || character === '\t')) return character;
    const code = character.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`;
  });
}
