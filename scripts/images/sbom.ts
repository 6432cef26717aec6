export function writeSbom(..._: readonly unknown[]): void {}
