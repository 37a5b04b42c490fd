/** What tests of real guests share. */
@org.jspecify.annotations.NullMarked
package io.vivarium.testing;
