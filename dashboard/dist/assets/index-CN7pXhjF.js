import{t as s,s as a,l as e,a as o}from"./app-DW9JAAal.js";s.begin();a.use(e());o("/dashboard",!1);
