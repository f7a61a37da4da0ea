/* The mask explorer in a page of its own. */
import { mountMasks } from "./masks.js";
import { openPage } from "./open_page.js";

openPage(mountMasks);
