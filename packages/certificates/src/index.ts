export { type Authority, type AuthorityOptions, makeAuthority } from "./certificates.ts";
