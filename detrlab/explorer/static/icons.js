/* The six shapes as small outlines, in a square from -12 to 12. */

export const ICONS = {
  circle: "M10 0A10 10 0 1 1 -10 0A10 10 0 1 1 10 0Z",
  square: "M-8.5 -8.5H8.5V8.5H-8.5Z",
  triangle: "M0 -10L9.5 8H-9.5Z",
  star: `M${starPoints(10, 4.4).join("L")}Z`,
  ring: "M10 0A10 10 0 1 1 -10 0A10 10 0 1 1 10 0ZM5 0A5 5 0 1 0 -5 0A5 5 0 1 0 5 0Z",
  cross: "M-3.5 -10H3.5V-3.5H10V3.5H3.5V10H-3.5V3.5H-10V-3.5H-3.5Z",
};

function starPoints(outer, inner) {
  return Array.from({ length: 10 }, (_, i) => {
    const [radius, angle] = [i % 2 ? inner : outer, (i * Math.PI) / 5 - Math.PI / 2];
    return `${(radius * Math.cos(angle)).toFixed(2)} ${(radius * Math.sin(angle)).toFixed(2)}`;
  });
}
