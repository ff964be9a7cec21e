export { axisBottom, axisLeft, axisTop } from "d3-axis";
export { hierarchy, partition } from "d3-hierarchy";
export { quadtree } from "d3-quadtree";
export { scaleLinear, scaleSequential } from "d3-scale";
export { select, selectAll, pointer } from "d3-selection";
export { zoom, zoomIdentity, zoomTransform } from "d3-zoom";
