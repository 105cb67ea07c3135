// The address of her own page (/me), with a token of half an hour: of this browser, or of whoever the shop says, signed,
// that is logged in on this page. The token by which this browser is known never stands in an address.
import { call, signed } from "./call.js";
import { live } from "./live.js";
import { language } from "./page.js";

export const myPage = async () =>
  `${live.base_}/me?lang=${language()}#k=${live.key_}` +
  (await call("/v1/me/token", signed(live.customer_)).then(({ token }) => "&t=" + token, () => ""));
