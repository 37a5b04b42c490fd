/** The page of one VM. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop.vm;
