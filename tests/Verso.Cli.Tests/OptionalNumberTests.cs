namespace Verso.Cli.Tests;

/// <summary>An option that takes a number or stands alone takes no trace for its number.</summary>
public sealed class OptionalNumberTests
{
    private static string Demo => CommandLine.Example("demo");

    [Theory]
    [InlineData("--locks", "--locks=20")]
    [InlineData("--differences", "--differences=20")]
    public void WhatFollowsIsTheTrace(string option, string same)
    {
        string expected = Run("replay", Demo, same);
        Assert.Equal(expected, Run("replay", option, Demo));
        Assert.Equal(expected, Run("replay", Demo, option));
        Assert.Equal(expected, Run("--color", "never", "replay", option, Demo));
        Assert.Equal(expected, Run("replay", option, "--", Demo));
        Assert.Equal(expected, Run("replay", option, option, Demo));
    }

    [Theory]
    [InlineData("replay")]
    [InlineData("compare")]
    public void MeasureIsFollowedByATraceToo(string command)
    {
        Assert.Contains("demo.verso", Run(command, "--measure", Demo));
        Assert.Contains("demo.verso", Run(command, "--measure", "2", Demo));
    }

    [Fact]
    public void ANumberThatFollowsIsTheNumber()
    {
        string expected = Run("replay", Demo, "--locks=3");
        Assert.NotEqual(expected, Run("replay", Demo, "--locks"));
        Assert.Equal(expected, Run("replay", "--locks", "3", Demo));
        Assert.Equal(expected, Run("replay", Demo, "--locks", "3"));
    }

    [Theory]
    [InlineData("--locks takes a whole number from 0 to 2147483647, not '-1'", "--locks", "-1")]
    [InlineData("--locks takes a whole number from 0 to 2147483647, not '99999999999'", "--locks", "99999999999")]
    [InlineData("--locks takes a whole number from 0 to 2147483647, not 'x'", "--locks=x")]
    [InlineData("--measure takes a whole number from 1 to 2147483647, not '0'", "--measure", "0")]
    [InlineData("'3x'", "--locks", "3x")]
    public void ANumberThatCannotBeIsRefused(string message, params string[] arguments) =>
        CommandLine.Run(["replay", Demo, .. arguments]).AssertTrouble(message);

    [Theory]
    [InlineData("--locks")]
    [InlineData("--differences")]
    [InlineData("--measure")]
    public void WithoutATraceTheTraceIsMissing(string option) =>
        CommandLine.Run("replay", option, "3").AssertTrouble("Required argument 'TRACE' missing");

    [Fact]
    public void StandardInputIsATrace() =>
        CommandLine.Run("replay", "--locks", "-").AssertTrouble("standard input: ");

    private static string Run(params string[] arguments)
    {
        Outcome outcome = CommandLine.Run(arguments);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        return outcome.Output;
    }
}
