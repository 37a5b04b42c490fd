/** Making a new VM. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop.wizard;
