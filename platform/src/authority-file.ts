import file from "../../authority.json" with { type: "json" };
import type { Authority } from "./authority.ts";

/** As it is checked in and reviewed. */
export const authority: Authority = file;
