/**
 * RFC 5321 §4.5.1, RFC 2142: whoever runs mail for a domain can be reached there. Where nobody has the address, those who
 * administer the server are who it is for.
 */
export const isRoleAddress = (address: string): boolean => /^(?:postmaster|abuse)@/i.test(address);
