/** What the figures, the sums and, until somebody chooses otherwise, the charts of the status page are of: days, today included. */
export const RANGE_DAYS = 30;

export const FAILURE_DAYS = 7;

/** Writes them wherever the page leaves room for them. */
export function nameRanges(): void {
  for (const room of document.querySelectorAll<HTMLElement>('[data-range]'))
    room.textContent = `${room.dataset['range'] === 'failures' ? FAILURE_DAYS : RANGE_DAYS} days`;
}
