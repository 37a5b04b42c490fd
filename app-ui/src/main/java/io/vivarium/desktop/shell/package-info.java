/** The window's frame: rail, banners, activity, overlay, shortcuts. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop.shell;
