// Loaded before the first paint, so that whoever has chosen a theme sees no other.

const KEY = 'theme';
const CHOICES = ['system', 'light', 'dark'] as const;
type Choice = (typeof CHOICES)[number];

function chosen(): Choice {
  const kept = localStorage.getItem(KEY);
  return CHOICES.find((choice) => choice === kept) ?? 'system';
}

/** There is no room for it on a phone, where it is read out only. */
function lead(): HTMLElement {
  const words = document.createElement('span');
  words.className = 'theme-lead';
  words.textContent = 'Theme: ';
  return words;
}

function apply(choice: Choice): void {
  if (choice === 'system') document.documentElement.removeAttribute('data-theme');
  else document.documentElement.dataset['theme'] = choice;
  const button = document.getElementById('theme');
  if (button !== null) button.replaceChildren(lead(), choice);
  document.dispatchEvent(new Event('themechange'));
}

apply(chosen());
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  document.dispatchEvent(new Event('themechange'));
});
document.addEventListener('DOMContentLoaded', () => {
  apply(chosen());
  document.getElementById('theme')?.addEventListener('click', () => {
    const next = CHOICES[(CHOICES.indexOf(chosen()) + 1) % CHOICES.length] ?? 'system';
    localStorage.setItem(KEY, next);
    apply(next);
  });
});
