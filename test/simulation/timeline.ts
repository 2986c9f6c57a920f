interface Due {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** True time in milliseconds and what is due in it: a binary heap, first come first served at one instant. */
export class Timeline {
  now = 0;
  #heap: Due[] = [];
  #order = 0;

  after(delay: number, run: () => void): void {
    this.at(this.now + Math.max(0, delay), run);
  }

  /** What is asked for the same instant is run in the order of asking. */
  at(at: number, run: () => void): void {
    const due = { at, order: this.#order++, run };
    const heap = this.#heap;
    let index = heap.push(due) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Due;
      if (earlier(above, due)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = due;
  }

  /** Runs until `end` or until `stop` says so. */
  run(end: number, stop: () => boolean): void {
    for (let due = this.#pop(); due !== undefined && due.at <= end && !stop(); due = this.#pop()) {
      this.now = due.at;
      due.run();
    }
  }

  #pop(): Due | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && earlier(heap[child + 1] as Due, heap[child] as Due)) child += 1;
      if (earlier(last, heap[child] as Due)) break;
      heap[index] = heap[child] as Due;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

const earlier = (a: Due, b: Due): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
