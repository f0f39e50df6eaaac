/** The address holds what is asked, so that it can be kept and sent to others; each question is a step that Back takes back. */
export function keepInAddress(path: string, query: Readonly<Record<string, string>>, step: boolean): void {
  const given = new URLSearchParams(query).toString();
  const address = given === '' ? path : `${path}?${given}`;
  if (address === `${location.pathname}${location.search}`) return;
  if (step) history.pushState(null, '', address);
  else history.replaceState(null, '', address);
}

/** What the address asks for and nobody here knows: left out without a word it would look like an answer to it. Null: nothing. */
export function strangeInAddress(known: readonly string[]): string | null {
  const strange = [...new Set(new URLSearchParams(location.search).keys())].filter((name) => !known.includes(name));
  if (strange.length === 0) return null;
  return `There is no ${strange.slice(0, 5).join(', ')} to filter by. What there is stands above.`;
}
