/** Code blocks of pages: what stands in them, and which of them are run by the tests. */

/** The shell blocks after `<!-- run -->`, in order. */
export function runnableSnippets(page: string): string[] {
  return [...page.matchAll(/<!-- run -->\n+```sh\n([\s\S]*?)\n```/g)].map((match) => match[1]!);
}

/** Targets of the links and images of a page, without those inside code. */
export function linksOf(page: string): string[] {
  const prose = page.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
}

/** The names by which a link can lead to a heading of a page: as GitHub makes them. */
export function anchorsOf(page: string): Set<string> {
  const headings = page.replace(/```[\s\S]*?```/g, '').matchAll(/^#{1,6} (.+)$/gm);
  return new Set(
    [...headings].map((match) =>
      match[1]!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
