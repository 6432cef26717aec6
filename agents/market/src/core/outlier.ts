/**
 * Keeps absurd prices out of a feed without silencing it when the market really moves. A price is outlying when
 *
 *     |x - median| > max(10 * 1.4826 * MAD, 0.5 % of the median)
 *
 * over the last 51 accepted prices (MAD: median absolute deviation; 1.4826 makes it a standard deviation for normal data,
 * Hampel 1974). The third outlying price in a row that agrees with the one before it is accepted: the market is there now,
 * and the window begins anew from the three. Numbers: docs/market-data.md.
 */
export class OutlierFilter {
  /** The window twice: in order of arrival (a ring) and sorted. */
  readonly #ring = new Float64Array(WINDOW);
  readonly #sorted = new Float64Array(WINDOW);
  #size = 0;
  #next = 0;
  /** The outlying prices since the last accepted one, as far as each agrees with the one before. */
  #suspects: number[] = [];

  accepts(price: number): boolean {
    if (this.#size > 0 && this.#isFar(price)) return this.#confirms(price);
    if (this.#suspects.length > 0) this.#suspects = [];
    this.#add(price);
    return true;
  }

  #isFar(price: number): boolean {
    const median = this.#median();
    const distance = Math.abs(price - median);
    // The floor is tested first: almost every price is within it, and the MAD costs a walk over the window.
    return distance > FLOOR * median && distance > DEVIATIONS * NORMAL * this.#deviation(median);
  }

  #confirms(price: number): boolean {
    const last = this.#suspects.at(-1);
    const agrees = last !== undefined && Math.abs(price - last) <= this.#tolerance(last);
    this.#suspects = agrees ? [...this.#suspects, price] : [price];
    if (this.#suspects.length < CONFIRMATIONS) return false;
    this.#size = 0;
    this.#next = 0;
    for (const suspect of this.#suspects) this.#add(suspect);
    this.#suspects = [];
    return true;
  }

  #tolerance(price: number): number {
    return Math.max(FLOOR * price, DEVIATIONS * NORMAL * this.#deviation(this.#median()));
  }

  #add(price: number): void {
    const sorted = this.#sorted;
    if (this.#size === WINDOW) {
      const oldest = this.#position(this.#ring[this.#next] as number);
      sorted.copyWithin(oldest, oldest + 1, this.#size--);
    }
    const place = this.#position(price);
    sorted.copyWithin(place + 1, place, this.#size++);
    sorted[place] = price;
    this.#ring[this.#next] = price;
    this.#next = (this.#next + 1) % WINDOW;
  }

  /** The first place in the sorted window that does not hold less than `price`. */
  #position(price: number): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] as number) < price) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #median(): number {
    return this.#sorted[this.#size >> 1] as number;
  }

  /** The median of the distances to the median: walks outwards from the middle, always to the nearer side. */
  #deviation(median: number): number {
    let left = this.#size >> 1;
    let right = left + 1;
    let distance = 0;
    for (let taken = 0; taken <= this.#size >> 1; taken++) {
      const toLeft = left >= 0 ? median - (this.#sorted[left] as number) : Number.POSITIVE_INFINITY;
      const toRight = right < this.#size ? (this.#sorted[right] as number) - median : Number.POSITIVE_INFINITY;
      distance = Math.min(toLeft, toRight);
      if (toLeft <= toRight) left--;
      else right++;
    }
    return distance;
  }
}

const WINDOW = 51;
const DEVIATIONS = 10;
const NORMAL = 1.4826;
const FLOOR = 0.005;
const CONFIRMATIONS = 3;
