/** A terminal on a VM's console. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop.terminal;
