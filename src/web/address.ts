/** The address holds what is asked, so that it can be kept and sent to others; each question is a step that Back takes back. */
export function keepInAddress(path: string, query: Readonly<Record<string, string>>, step: boolean): void {
  const given = new URLSearchParams(query).toString();
  const address = given === '' ? path : `${path}?${given}`;
  if (address === here()) return;
  if (step) history.pushState(null, '', address);
  else history.replaceState(null, '', address);
  shown = address;
}

/** Without what stands behind a `#`, which asks for nothing. */
function here(): string {
  return `${location.pathname}${location.search}`;
}

let shown = here();

/** Calls when Back or Forward has led to another question; a link within the page leads to none. */
export function onOtherAddress(begin: () => void): void {
  addEventListener('popstate', () => {
    if (here() === shown) return;
    shown = here();
    begin();
  });
}

/**
 * What the address asks for and the form has no place for: left out without a word it would look like an answer to it. To be asked once
 * the form is filled in. @returns Null where there is nothing of the kind.
 */
export function strangeInAddress(form: HTMLFormElement, fieldOf: Readonly<Record<string, string>>): string | null {
  const query = new URLSearchParams(location.search);
  const strange: string[] = [];
  for (const name of new Set(query.keys())) {
    const [value = '', ...more] = query.getAll(name);
    const field = fieldOf[name];
    if (field === undefined) strange.push(`there is no ${name} to ask for`);
    else if (value === '' && more.length === 0) continue;
    else if (more.length > 0) strange.push(`${name} stands there ${more.length + 1} times`);
    else if (!holds(form, field, value)) strange.push(`${name} cannot be ${JSON.stringify(value.slice(0, 60))} here`);
  }
  return strange.length === 0 ? null : `The address asks for what there is not: ${strange.slice(0, 5).join('; ')}.`;
}

/** A list takes only what it offers. */
function holds(form: HTMLFormElement, name: string, value: string): boolean {
  const field = form.elements.namedItem(name);
  if (field instanceof HTMLSelectElement) return field.value === value;
  return field instanceof HTMLInputElement && field.value === value.replace(/[\r\n]/g, '');
}
