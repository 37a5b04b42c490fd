/** The snapshots of a VM as a tree in time, and what can be done with them. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop.timeline;
