/**
 * The command {@code viv}. One class a verb; {@link io.vivarium.cli.VivMain} makes only the one
 * that was asked for, since start-up time is felt at each use.
 */
@org.jspecify.annotations.NullMarked
package io.vivarium.cli;
