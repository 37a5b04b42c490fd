/** A host in memory, for the desktop's tests and pictures. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop.fake;
