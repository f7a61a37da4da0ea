/* The caption explorer in a page of its own. */
import { mountCaption } from "./caption.js";
import { openPage } from "./open_page.js";

openPage(mountCaption);
