/** How {@link io.vivarium.client.Vivarium} is done; clients use the facade. */
@org.jspecify.annotations.NullMarked
package io.vivarium.client.internal;
