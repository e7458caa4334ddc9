// Who waits for a token, and gives up when its call is aborted.

/** Settles as the promise does, or when the signal is aborted. */
export function abortable<T>(promise: Promise<T>, aborted: AbortSignal | undefined): Promise<T> {
  if (!aborted) return promise;
  if (aborted.aborted) return Promise.reject(aborted.reason);
  return new Promise((resolve, reject) => {
    const stop = () => reject(aborted.reason);
    aborted.addEventListener('abort', stop, { once: true });
    void promise.then(resolve, reject).finally(() => aborted.removeEventListener('abort', stop));
  });
}

export class Waiting {
  /** How often all were woken. */
  wakes = 0;
  private readonly all = new Set<() => void>();

  wake(): void {
    this.wakes += 1;
    const all = [...this.all];
    this.all.clear();
    for (const one of all) one();
  }

  wait(aborted: AbortSignal | undefined): Promise<void> {
    let woken: () => void = () => undefined;
    const wake = new Promise<void>((resolve) => {
      woken = resolve;
      this.all.add(woken);
    });
    return abortable(wake, aborted).finally(() => this.all.delete(woken));
  }
}
