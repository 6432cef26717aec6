export { type Clock, machineClock, wallClock } from "./clock.ts";
export { Scheduler, type TimerHandle } from "./scheduler.ts";
