// The address of her own page (/me), with a token of half an hour: of this browser, or of whoever the shop says, signed,
// that is logged in on this page. The token by which this browser is known never stands in an address.
import { call, signed } from "./call.js";
import { live } from "./live.js";
import { language } from "./page.js";

export const myPage = () =>
  call("/v1/me/token", signed(live.customer)).then(({ token }) => `${live.base}/me?lang=${language()}#k=${live.key}&t=${token}`);
