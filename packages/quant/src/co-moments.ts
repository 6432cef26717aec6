/** Moments of pairs: like Moments, with the sum of products of deviations (Chan, Golub & LeVeque 1983). */
export type CoMoments = {
  readonly count: number;
  readonly meanX: number;
  readonly meanY: number;
  readonly squaresX: number;
  readonly squaresY: number;
  readonly products: number;
};

export function coMomentsOf(x: number, y: number): CoMoments {
  return { count: 1, meanX: x, meanY: y, squaresX: 0, squaresY: 0, products: 0 };
}

export function mergeCoMoments(a: CoMoments, b: CoMoments): CoMoments {
  const count = a.count + b.count;
  const weight = (a.count * b.count) / count;
  const dx = b.meanX - a.meanX;
  const dy = b.meanY - a.meanY;
  return {
    count,
    meanX: a.meanX + (dx * b.count) / count,
    meanY: a.meanY + (dy * b.count) / count,
    squaresX: a.squaresX + b.squaresX + dx * dx * weight,
    squaresY: a.squaresY + b.squaresY + dy * dy * weight,
    products: a.products + b.products + dx * dy * weight,
  };
}
