/** Defines `<green-room>`. */

export { GreenRoom } from "./element.js";
