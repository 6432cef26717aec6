/** Prints which of the members that its arguments name leads, from 0; nothing where none says so. For a host that sees them. */
import { etcdMembers } from "@countersign/quorum";

const members = await etcdMembers({ endpoints: process.argv.slice(2) });
const leader = members.findIndex(({ isLeader }) => isLeader);
if (leader >= 0) console.log(leader);
process.exit();
